/** A command that sends a first event, for the platform's engineer to paste. */
export function sendByCurl(apiUrl: string, tenant: string): string {
  const event = { id: "order-1042-paid", type: "orders/paid", tenant, data: { total: 120.5 } };
  return [
    `curl --request POST ${apiUrl}/v1/events \\`,
    '  --header "Authorization: Bearer $CARTWRIGHT_PLATFORM_KEY" \\',
    "  --header 'Content-Type: application/json' \\",
    `  --data '${JSON.stringify(event)}'`,
  ].join("\n");
}

// Zones whose clocks a schedule may follow. Which there are is the API's to say; these are offered.

export const READERS_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The reader's own and UTC first, then the rest by name. */
export const ZONES = [...new Set([READERS_ZONE, "UTC", ...Intl.supportedValuesOf("timeZone")])];

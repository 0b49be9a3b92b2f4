import { Outlet } from "react-router";
import { PageHead } from "../ui/panel";
import { Tabs } from "../ui/tabs";

/** What stands above the two lists of deliveries. */
export function DeliveriesLayout() {
  return (
    <>
      <PageHead
        title="Deliveries"
        note="Each is one event on its way to one function, attempted until it ends."
      />
      <Tabs
        label="Lists of deliveries"
        tabs={[
          { to: "/deliveries", label: "All" },
          { to: "/deliveries/failed", label: "Failed" },
        ]}
      />
      <Outlet />
    </>
  );
}

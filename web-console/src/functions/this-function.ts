import { useOutletContext } from "react-router";
import type { TenantFunction } from "./queries";

/** The function whose page this is; the layout above has loaded it. */
export const useThisFunction = () => useOutletContext<TenantFunction>();

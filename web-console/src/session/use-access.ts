import { useSyncExternalStore } from "react";
import { currentAccess, onAccess } from "../api/access";

/** Whether someone is signed in, kept up to date. */
export const useAccess = () => useSyncExternalStore(onAccess, currentAccess);

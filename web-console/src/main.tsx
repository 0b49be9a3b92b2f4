import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { restoreAccess } from "./api/access";
import { Console } from "./frame/console";
import "./styles.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root to draw the console in");

void restoreAccess();
createRoot(root).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);

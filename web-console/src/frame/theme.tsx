import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { Segments } from "../ui/segments";

type Theme = "system" | "light" | "dark";
const STORED = "cartwright.theme";

/** Light, dark, or as the system has it. What is stored here, `theme.js` applies. */
export function ThemeChoice() {
  const [theme, setTheme] = useState<Theme>(storedTheme);
  const choose = (next: Theme) => {
    setTheme(next);
    if (next === "system") localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, next);
    // Other windows are told by the browser; `theme.js` of this one listens to the same event.
    window.dispatchEvent(new StorageEvent("storage"));
  };
  return (
    <Segments
      label="Theme"
      value={theme}
      onChange={choose}
      options={[
        {
          value: "system",
          name: "As the system has it",
          label: <Monitor className="my-0.5 size-3.5" aria-hidden />,
        },
        { value: "light", name: "Light", label: <Sun className="my-0.5 size-3.5" aria-hidden /> },
        { value: "dark", name: "Dark", label: <Moon className="my-0.5 size-3.5" aria-hidden /> },
      ]}
    />
  );
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(STORED);
  return stored === "light" || stored === "dark" ? stored : "system";
}

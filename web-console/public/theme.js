// Applies the chosen theme before the first paint. Without a choice, the style sheet follows the system.
try {
  const chosen = localStorage.getItem("cartwright.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage can be forbidden; the system's theme stands.
}

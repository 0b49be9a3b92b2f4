// Says which theme the page has, before its first paint and after every change: the chosen one, or else the system's.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("cartwright.theme");
    } catch {
      // Storage can be forbidden; the system's theme stands.
      return null;
    }
  };
  const apply = () => {
    document.documentElement.dataset.theme = chosen() ?? (system.matches ? "dark" : "light");
  };
  apply();
  system.addEventListener("change", apply);
  // Also what another window of the console chooses.
  addEventListener("storage", apply);
})();

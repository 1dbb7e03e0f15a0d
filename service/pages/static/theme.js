// Light or dark: as the system has it until the reader chooses. A plain script, so that it runs first.
(() => {
  const key = "tocsin-theme";
  const stored = () => {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (stored() ?? (system.matches ? "dark" : "light")) === "dark";
  const apply = () => {
    const root = document.documentElement;
    const before = root.dataset.theme;
    root.dataset.theme = isDark() ? "dark" : "light";
    const button = document.getElementById("theme");
    if (button) {
      button.hidden = false;
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", `Show in ${isDark() ? "light" : "dark"} colours`);
    }
    if (before && before !== root.dataset.theme) dispatchEvent(new Event("theme"));
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme")?.addEventListener("click", () => {
      try { localStorage.setItem(key, isDark() ? "light" : "dark"); } catch { /* not kept */ }
      apply();
    });
  });
})();

// Light or dark: as the system has it until the reader chooses. A plain script, so that it runs first.
(() => {
  const key = "tocsin-theme";
  const stored = () => {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (stored() ?? (system.matches ? "dark" : "light")) === "dark";
  const apply = () => {
    document.documentElement.dataset.theme = isDark() ? "dark" : "light";
    const button = document.getElementById("theme");
    if (!button) return;
    button.hidden = false;
    button.textContent = isDark() ? button.dataset.light : button.dataset.dark;
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

// Runs before the first paint, so that a chosen colour scheme does not flash.
(function () {
  try {
    var theme = localStorage.getItem('stagedoor.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch (_) {
    // Storage may be closed to us: the system's scheme is right then.
  }
})();

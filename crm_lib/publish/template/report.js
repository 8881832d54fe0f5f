(function () {
  var toc = document.getElementById("toc");
  if (!toc || !window.matchMedia) { return; }
  var narrow = window.matchMedia("(max-width: 63.99rem)");
  var fit = function () { toc.open = !narrow.matches; };
  fit();
  narrow.addEventListener("change", fit);
  var links = {};
  toc.querySelectorAll("a").forEach(function (link) {
    links[decodeURIComponent(link.hash.slice(1))] = link;
    link.addEventListener("click", function () { if (narrow.matches) { toc.open = false; } });
  });
  if (!window.IntersectionObserver) { return; }
  var heads = Array.prototype.filter.call(document.querySelectorAll("main h2[id], main h3[id]"), function (head) { return links[head.id]; });
  var mark = function () {
    var current = null;
    heads.forEach(function (head) { if (head.getBoundingClientRect().top < 140) { current = head; } });
    Object.keys(links).forEach(function (id) { links[id].removeAttribute("aria-current"); });
    if (current) { links[current.id].setAttribute("aria-current", "true"); }
  };
  var seen = new IntersectionObserver(mark, { rootMargin: "-130px 0px 0px 0px", threshold: [0, 1] });
  heads.forEach(function (head) { seen.observe(head); });
  mark();
})();

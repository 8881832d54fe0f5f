(function () {
  var form = document.getElementById("tools"), box = document.getElementById("q"), only = document.getElementById("only");
  var count = document.getElementById("count");
  var each = function (list, act) { Array.prototype.forEach.call(list, act); };
  var runs = document.querySelectorAll(".run");
  if (!runs.length) { return; }
  form.hidden = false;
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  var sifted = false;
  var sift = function () {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    each(runs, function (run) {
      var hit = words.every(function (word) { return run.dataset.words.indexOf(word) >= 0; });
      run.hidden = !hit || (only.checked && run.dataset.status === "ok");
      if (!run.hidden) { shown += 1; }
    });
    var sifting = words.length > 0 || only.checked;
    each(document.querySelectorAll(".group"), function (part) {
      var hit = part.querySelector(".run:not([hidden])");
      part.hidden = !hit;
      if (sifting) { part.open = Boolean(hit); } else if (sifted) { part.open = false; }
    });
    each(document.querySelectorAll(".task, .project"), function (part) { part.hidden = !part.querySelector(".run:not([hidden])"); });
    count.textContent = sifting ? count.dataset.found.replace("{shown}", shown).replace("{total}", runs.length) : "";
    sifted = sifting;
  };
  box.addEventListener("input", sift);
  only.addEventListener("change", sift);
  if (box.value || only.checked) { sift(); }
})();

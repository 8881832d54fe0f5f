(function () {
  var form = document.getElementById("tools"), box = document.getElementById("q"), only = document.getElementById("only");
  var count = document.getElementById("count");
  var each = function (list, act) { Array.prototype.forEach.call(list, act); };
  var runs = document.querySelectorAll(".run");
  if (!runs.length) { return; }
  form.hidden = false;
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  var sift = function () {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    each(runs, function (run) {
      var hit = words.every(function (word) { return run.dataset.words.indexOf(word) >= 0; });
      run.hidden = !hit || (only.checked && run.dataset.status === "ok");
      if (!run.hidden) { shown += 1; }
    });
    each(document.querySelectorAll(".task, .project"), function (part) { part.hidden = !part.querySelector(".run:not([hidden])"); });
    var sifting = words.length > 0 || only.checked;
    if (sifting) { each(document.querySelectorAll(".task details"), function (part) { part.open = true; }); }
    count.textContent = sifting ? "找到 " + shown + " 份，共 " + runs.length + " 份" : "";
  };
  box.addEventListener("input", sift);
  only.addEventListener("change", sift);
})();

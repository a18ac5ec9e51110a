// Fetches <main> anew when the ledger has changed, at most each two seconds, or as many as
// its data-live-every says. It says data-live="*" or the key of a run.
(function () {
  "use strict";
  const main = document.querySelector("main[data-live]");
  const line = document.getElementById("live");
  if (!main || !line || !window.EventSource) return;
  const wanted = main.getAttribute("data-live");
  const spoken = document.getElementById("spoken");
  let stream = null, waiting = null, busy = false, touched = false, changed = false, last = Date.now();
  let every = pause(main);

  function pause(of) { return 1000 * (Number(of.getAttribute("data-live-every")) || 2); }

  function say(words) { line.textContent = words; }

  function open() {
    if (stream || document.hidden) return;
    stream = new EventSource("/live");
    // What changed while there was no connection was told to nobody.
    stream.addEventListener("hello", function () { say("Live"); soon(); });
    stream.addEventListener("changed", function (event) {
      if (JSON.parse(event.data).indexOf(wanted) >= 0) { changed = true; soon(); }
    });
    stream.onerror = function () {
      say("Not connected: trying again");
      if (stream && stream.readyState === 2) { close(); window.setTimeout(open, 15000); }
    };
  }

  function close() { if (stream) { stream.close(); stream = null; } }

  function soon() {
    if (waiting === null) waiting = window.setTimeout(fetchAnew, Math.max(0, every - (Date.now() - last)));
  }

  function inForm() {
    const at = document.activeElement;
    return touched || (at && main.contains(at) && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName));
  }

  function fetchAnew() {
    waiting = null;
    if (busy) return soon();
    if (inForm()) return say("This page " + (changed ? "has" : "may have") + " changed: load it again when you are done");
    busy = true;
    changed = false;
    window.fetch(window.location.href, { credentials: "same-origin", cache: "no-store" }).then(function (answer) {
      if (answer.redirected) { window.location.reload(); throw new Error("not logged in any more"); }
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.text();
    }).then(function (text) {
      const made = new DOMParser().parseFromString(text, "text/html");
      const fresh = made.querySelector("main[data-live]");
      if (fresh && !inForm()) swap(made, fresh);
    }).catch(function () { say("This page could not be loaded again: trying at the next change"); })
      .then(function () { busy = false; last = Date.now(); });
  }

  function swap(made, fresh) {
    every = pause(fresh);  // a run is large from the time on when its contacts have been read
    if (fresh.innerHTML !== main.innerHTML) {
      const place = placeOf(document.activeElement);
      const opened = all("details").map(function (one) { return one.open; });
      const aside = all(".wide").map(function (one) { return one.scrollLeft; });
      const x = window.scrollX, y = window.scrollY;
      main.replaceChildren.apply(main, Array.from(fresh.childNodes).map(function (one) { return document.adoptNode(one); }));
      all("details").forEach(function (one, n) { if (n < opened.length) one.open = opened[n]; });
      all(".wide").forEach(function (one, n) { if (aside[n]) one.scrollLeft = aside[n]; });
      const again = place && find(place);
      if (again) again.focus({ preventScroll: true });
      window.scrollTo(x, y);
    }
    const clock = document.querySelector(".clock"), newClock = made.querySelector(".clock");
    if (clock && newClock) clock.replaceWith(document.adoptNode(newClock));
    if (made.title !== document.title) { document.title = made.title; if (spoken) spoken.textContent = made.title; }
    say("Live");
  }

  function all(selector) { return Array.from(main.querySelectorAll(selector)); }

  // By its id, else by what it is and says: the list above it may have grown.
  function placeOf(at) {
    if (!at || !main.contains(at) || at === main) return null;
    return { id: at.id, tag: at.tagName, href: at.getAttribute("href"), text: at.textContent };
  }

  function find(place) {
    if (place.id) return document.getElementById(place.id);
    return all(place.tag).find(function (one) {
      return one.getAttribute("href") === place.href && one.textContent === place.text;
    });
  }

  main.addEventListener("input", function () { touched = true; });
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) close(); else { open(); soon(); }
  });
  open();
})();

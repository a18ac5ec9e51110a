/* The viewer's zone, told to the pages once: whoever chose another one keeps that. */
"use strict";
(function () {
  var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !/(^|;\s*)zone=/.test(document.cookie)) {
    document.cookie = "zone=" + zone + "; path=/; max-age=31536000; samesite=lax";
  }
})();

// Keeps the API key until the browser tab is closed.
const SCHEME = "key";
const explorer = document.querySelector("openapi-explorer");

explorer.addEventListener("spec-loaded", () => {
  const key = sessionStorage.getItem(SCHEME);
  if (key) {
    explorer.setAuthenticationConfiguration(SCHEME, { token: key });
  }
});

explorer.addEventListener("request", ({ detail }) => {
  const key = new Headers(detail.request.headers).get("Authorization");
  if (key) {
    sessionStorage.setItem(SCHEME, key);
  } else {
    sessionStorage.removeItem(SCHEME);
  }
});

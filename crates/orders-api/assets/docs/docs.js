// Shows /openapi.json. The API key is kept until the browser tab is closed.
const SCHEME = "key";

const rememberKey = () => ({
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (authorize) => (schemes) => {
          if (schemes[SCHEME]) {
            sessionStorage.setItem(SCHEME, schemes[SCHEME].value);
          }
          return authorize(schemes);
        },
        logout: (logout) => (schemes) => {
          sessionStorage.removeItem(SCHEME);
          return logout(schemes);
        },
      },
    },
  },
});

fetch("/openapi.json")
  .then((answer) => answer.json())
  .then((spec) => {
    const page = SwaggerUIBundle({
      spec,
      dom_id: "#page",
      deepLinking: true,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      validatorUrl: null,
      plugins: [rememberKey],
      onComplete: () => {
        const key = sessionStorage.getItem(SCHEME);
        if (key) {
          page.preauthorizeApiKey(SCHEME, key);
        }
      },
    });
  });

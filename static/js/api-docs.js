// Starts Swagger UI over our own description. A file of its own: the page allows no inline script.
const place = document.getElementById("api");

SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  requestInterceptor(request) {
    // A session's requests need the CSRF token, which the cookie keeps from scripts.
    const token = place.dataset.csrf;
    if (token && new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = token;
    }
    return request;
  },
});

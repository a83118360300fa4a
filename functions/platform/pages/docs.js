SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  docExpansion: "list",
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  // The types, folded up: each operation shows those that it needs.
  defaultModelsExpandDepth: 0,
  // No badge of a validator elsewhere.
  validatorUrl: null,
});

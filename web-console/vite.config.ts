import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const API = process.env.CARTWRIGHT_API_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    target: ["chrome123", "firefox125", "safari17.5"],
    // The policy is `default-src 'self'`: a small asset must stay a file, for a data: URL would be refused.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: { "/v1": API, "/openapi.json": API, "/docs": API },
    // Templates are the prebuilt modules of the repository's functions folder.
    fs: { allow: [".."] },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});

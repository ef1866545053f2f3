import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.MILLWORK_URL ?? "http://127.0.0.1:8899";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/millwork/api/console",
    emptyOutDir: true,
    // The shell must be drawn before anything else is asked for; fonts and images stay files, for
    // the server's Content-Security-Policy lets no `data:` font in.
    assetsInlineLimit: 0,
    manifest: true,
    // All of these know light-dark(), which would else be rewritten and lost in the dark.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    chunkSizeWarningLimit: 800,
  },
  server: {
    // The server takes writes only of its own origin, which is Vite's here.
    proxy: Object.fromEntries(
      ["/api", "/login"].map((path) => [path, { target: server, changeOrigin: false }]),
    ),
  },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});

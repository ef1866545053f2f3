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
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { "/api": server, "/login": server } },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});

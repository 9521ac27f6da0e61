import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// No inline script, no inline style, no data: address of a font: the policy of the pages allows none of them.
export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: { proxy: { '/api': process.env.FIREBREAK_API ?? 'http://127.0.0.1:9470' } },
});

import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';

const sidebar = JSON.parse(readFileSync(new URL('../.pages/sidebar.json', import.meta.url), 'utf8'));

// biome-ignore lint/style/noDefaultExport: VitePress takes nothing else
export default defineConfig({
  title: 'hawser',
  description: 'Operate and deploy to a fleet of Linux hosts with nothing but SSH.',
  lang: 'en',
  // Where the site lies on its server, such as /hawser/.
  base: process.env['DOCS_BASE'] ?? '/',
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  // The index of the search is one file.
  vite: { build: { chunkSizeWarningLimit: 5_000 } },
  // Addresses in prose are examples, not links.
  markdown: {
    linkify: false,
    // The same as where the pages are read as plain Markdown.
    anchor: {
      slugify: (heading) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
    },
    config: ({ renderer: { rules }, utils }) => {
      // Braces stand for themselves, not for what Vue would put there.
      rules.text = (tokens, index) =>
        utils.escapeHtml(tokens[index]?.content ?? '').replaceAll('{', '&#123;');
    },
  },
  themeConfig: {
    sidebar,
    nav: [
      { text: 'Commands', link: '/reference/commands' },
      { text: 'Library', link: '/reference/library' },
      { text: 'Changes', link: '/project/changelog' },
    ],
    outline: { level: [2, 3] },
    search: { provider: 'local' },
  },
});

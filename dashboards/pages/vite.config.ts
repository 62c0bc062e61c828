import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// TVs of 2022 run Chromium 79; syntax and CSS newer than that are lowered, missing methods are caught by
// `lib` in tsconfig.json.
const oldestBrowser = 'chrome79'

// The charts are loaded by the reports alone; what the pages share is loaded once.
const pages = ['index.html', 'console.html', 'sources.html', 'agent.html', 'reports.html']

export default defineConfig({
  plugins: [vue({ features: { optionsAPI: false } })],
  build: {
    target: oldestBrowser,
    cssTarget: oldestBrowser,
    // The pages are served under a policy that allows files of our own origin only: nothing inline, no data URIs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: pages },
    // Where the package looks for them.
    outDir: '../../monitor/web/pages',
    emptyOutDir: true,
    // The charts: one file of ECharts, which only the reports load, after their tables stand.
    chunkSizeWarningLimit: 700,
  },
  server: {
    // `npm run dev` beside a running `presales-monitor demo`.
    proxy: { '/v1': { target: 'http://127.0.0.1:8480', ws: true } },
  },
})

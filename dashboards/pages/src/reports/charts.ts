/** ECharts, only what is drawn: loaded by the reports alone, after the tables stand. */

import { BarChart, HeatmapChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from 'echarts/components'
import { init, use, type ECharts, type EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([
  BarChart,
  HeatmapChart,
  LineChart,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
])

export type { ECharts, EChartsCoreOption }

export function draw(element: HTMLElement, option: EChartsCoreOption): ECharts {
  const chart = init(element, null, { renderer: 'canvas' })
  chart.setOption(option)
  return chart
}

/** What each chart shows, from the figures; colours are those of the page's theme. */

import type { Spread } from '../api/types'
import type { EChartsCoreOption } from './charts'
import { span } from '../words/time'
import { plusDays } from './span'

export interface Inks {
  readonly text: string
  readonly muted: string
  readonly panel: string
  readonly edge: string
  readonly ok: string
  readonly warn: string
  readonly late: string
  readonly lost: string
}

export interface DayFigures {
  readonly day: string
  readonly firstReply: number | null
  readonly meanReply: number | null
  readonly over3: number | null
}

/** The colours of the page as they are now. */
export function inks(): Inks {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    text: of('text'),
    muted: of('muted'),
    panel: of('panel'),
    edge: of('edge'),
    ok: of('ok'),
    warn: of('warn'),
    late: of('late'),
    lost: of('lost'),
  }
}

// Rich text: what is drawn as markup would need styles that the policy of the page forbids.
const tooltip = { renderMode: 'richText', confine: true } as const

function axis(ink: Inks): Record<string, unknown> {
  return {
    axisLabel: { color: ink.muted },
    axisLine: { lineStyle: { color: ink.edge } },
    splitLine: { lineStyle: { color: ink.edge } },
    nameTextStyle: { color: ink.muted },
  }
}

export function trendOption(
  days: readonly DayFigures[],
  names: { firstReply: string; meanReply: string; over3: string },
  ink: Inks,
): EChartsCoreOption {
  const round = (n: number | null): number | null => (n === null ? null : Math.round(n * 10) / 10)
  return {
    animation: false,
    tooltip: { ...tooltip, trigger: 'axis' },
    legend: { textStyle: { color: ink.text }, top: 0 },
    grid: { left: 44, right: 48, top: 36, bottom: 28 },
    xAxis: { type: 'category', data: days.map((d) => d.day.slice(5)), ...axis(ink) },
    yAxis: [
      { type: 'value', name: 's', ...axis(ink) },
      { type: 'value', name: '%', ...axis(ink), splitLine: { show: false } },
    ],
    series: [
      line(
        names.firstReply,
        ink.ok,
        'circle',
        days.map((d) => round(d.firstReply)),
      ),
      line(
        names.meanReply,
        ink.warn,
        'triangle',
        days.map((d) => round(d.meanReply)),
      ),
      {
        name: names.over3,
        type: 'bar',
        yAxisIndex: 1,
        barMaxWidth: 26,
        itemStyle: { color: ink.late, opacity: 0.55 },
        data: days.map((d) => (d.over3 === null ? null : round(d.over3 * 100))),
      },
    ],
  }
}

/** Told apart by the shape of its points as well as by colour. */
function line(
  name: string,
  color: string,
  symbol: 'circle' | 'triangle',
  data: readonly (number | null)[],
): Record<string, unknown> {
  const lineStyle = { color, width: 2 }
  return { name, type: 'line', data, symbol, symbolSize: 9, lineStyle, itemStyle: { color } }
}

export function spreadOption(spread: Spread, longer: string, rounds: string, ink: Inks): EChartsCoreOption {
  const colour = (upto: number | null): string =>
    upto === null || upto > 300 ? ink.lost : upto > 180 ? ink.late : upto > 60 ? ink.warn : ink.ok
  return {
    animation: false,
    tooltip: { ...tooltip, trigger: 'axis' },
    grid: { left: 44, right: 16, top: 16, bottom: 28 },
    xAxis: {
      type: 'category',
      data: spread.bands.map((band) => (band.upto_seconds === null ? longer : `≤${band.upto_seconds}s`)),
      ...axis(ink),
    },
    yAxis: { type: 'value', minInterval: 1, ...axis(ink) },
    series: [
      {
        name: rounds,
        type: 'bar',
        data: spread.bands.map((band) => ({
          value: band.rounds,
          itemStyle: { color: colour(band.upto_seconds) },
        })),
      },
    ],
  }
}

const HOURS = Array.from({ length: 24 }, (_, hour) => `${hour}`)

export function hoursOption(
  spread: Spread,
  days: readonly string[],
  rounds: string,
  ink: Inks,
): EChartsCoreOption {
  const data = spread.hours
    .filter((one) => one.mean_seconds !== null)
    .map((one) => ({
      value: [one.hour, days.indexOf(one.day), Math.round(one.mean_seconds ?? 0), one.rounds],
    }))
  return {
    animation: false,
    tooltip: {
      ...tooltip,
      formatter: (shown: { value: readonly number[] }) =>
        `${span(shown.value[2] ?? 0)} · ${shown.value[3]} ${rounds}`,
    },
    grid: { left: 52, right: 16, top: 8, bottom: 64 },
    xAxis: { type: 'category', data: HOURS, ...axis(ink) },
    yAxis: { type: 'category', data: days.map((day) => day.slice(5)), ...axis(ink) },
    visualMap: {
      min: 0,
      max: 180,
      calculable: false,
      orient: 'horizontal',
      left: 'center',
      bottom: 4,
      dimension: 2,
      textStyle: { color: ink.muted },
      text: ['≥180s', '0'],
      inRange: { color: [ink.ok, ink.ok, ink.warn, ink.late] },
    },
    series: [
      {
        type: 'heatmap',
        data,
        label: {
          show: true,
          // On every colour of the map, in both themes.
          color: ink.panel,
          fontWeight: 600,
          formatter: (shown: { value: readonly number[] }) => span(shown.value[2] ?? 0),
        },
        itemStyle: { borderColor: ink.edge, borderWidth: 1 },
      },
    ],
  }
}

/** The heat map and the trend show a week at least: one day alone has no shape. */
export function atLeastAWeek(from: string, to: string): { from: string; to: string } {
  const weekAgo = plusDays(to, -6)
  return { from: from < weekAgo ? from : weekAgo, to }
}

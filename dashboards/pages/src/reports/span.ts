/** What time a report is about. Days are those of the floor (Asia/Shanghai), whatever zone the viewer sits in. */

export type Choice = 'today' | 'yesterday' | 'week' | 'month' | 'shift' | 'custom'
export type ShiftName = 'early' | 'late' | 'night'

export interface Asked {
  readonly choice: Choice
  readonly shift: ShiftName
  readonly from: string
  readonly to: string
}

export interface Span {
  /** First and last day, both with it. */
  readonly from: string
  readonly to: string
  /** Of a shift: its instants, the second not with it. */
  readonly instants: readonly [string, string] | null
}

const HOURS: Readonly<Record<ShiftName, readonly [number, number]>> = {
  early: [8, 16],
  late: [16, 24],
  night: [0, 8],
}
const ZONE = '+08:00'
const ZONE_MS = 8 * 3_600_000
const DAY_MS = 24 * 3_600_000

/** The day of the floor at an instant: 2026-11-23. */
export function dayOf(instantMs: number): string {
  return new Date(instantMs + ZONE_MS).toISOString().slice(0, 10)
}

export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

export function spanOf(asked: Asked, nowMs: number): Span {
  const today = dayOf(nowMs)
  const whole = (from: string, to: string): Span => ({ from, to, instants: null })
  switch (asked.choice) {
    case 'today':
      return whole(today, today)
    case 'yesterday':
      return whole(plusDays(today, -1), plusDays(today, -1))
    case 'week':
      return whole(plusDays(today, -6), today)
    case 'month':
      return whole(`${today.slice(0, 7)}-01`, today)
    case 'shift': {
      const day = asked.from || today
      const [begins, ends] = HOURS[asked.shift]
      const end = ends === 24 ? `${plusDays(day, 1)}T00:00:00` : `${day}T${pad(ends)}:00:00`
      return { from: day, to: day, instants: [`${day}T${pad(begins)}:00:00${ZONE}`, `${end}${ZONE}`] }
    }
    case 'custom': {
      const from = asked.from || today
      return whole(from, asked.to < from ? from : asked.to || today)
    }
  }
}

/** All days of a span. */
export function daysOf(span: Span): readonly string[] {
  const days: string[] = []
  for (let day = span.from; day <= span.to && days.length < 400; day = plusDays(day, 1)) days.push(day)
  return days
}

export function query(span: Span): string {
  const [from, to] = span.instants ?? [span.from, span.to]
  return `from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`
}

function pad(n: number): string {
  return n < 10 ? `0${n}` : `${n}`
}

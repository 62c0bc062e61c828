/** What time a report is about. Days are those of the floor (Asia/Shanghai), whatever zone the viewer sits in. */

export type Choice = 'today' | 'yesterday' | 'week' | 'month' | 'shift' | 'custom'
export interface Asked {
  readonly choice: Choice
  /** Which of the shifts, by its key. */
  readonly shift: string
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

const ZONE = '+08:00'
const ZONE_MS = 8 * 3_600_000
const DAY_MS = 24 * 3_600_000

/** A shift one can ask for: its hours on the wall; at or before `from`, `to` is on the next day. */
export interface ShiftHours {
  readonly key: string
  readonly from: string
  readonly to: string
  readonly offset: string
}

/** The shifts of a floor that has written no roster. */
export const USUAL = [
  { key: 'early', from: '08:00', to: '16:00', offset: ZONE },
  { key: 'late', from: '16:00', to: '24:00', offset: ZONE },
  { key: 'night', from: '00:00', to: '08:00', offset: ZONE },
] as const satisfies readonly ShiftHours[]

/** The day of the floor at an instant: 2026-11-23. */
export function dayOf(instantMs: number): string {
  return new Date(instantMs + ZONE_MS).toISOString().slice(0, 10)
}

export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

export function spanOf(asked: Asked, today: string, shifts: readonly ShiftHours[] = USUAL): Span {
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
      const shift = shifts.find((one) => one.key === asked.shift) ?? shifts[0] ?? USUAL[0]
      const over = shift.to === '24:00' || shift.to <= shift.from
      const ends = `${over ? plusDays(day, 1) : day}T${shift.to === '24:00' ? '00:00' : shift.to}:00`
      return {
        from: day,
        to: day,
        instants: [`${day}T${shift.from}:00${shift.offset}`, `${ends}${shift.offset}`],
      }
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

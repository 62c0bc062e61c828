/** Times as they are shown. */

/** A length: 02:58, 1:02:58, and past a day what still fits: 3天2时. */
export function duration(ms: number, days: (days: number, hours: number) => string): string {
  const seconds = Math.floor(ms / 1000)
  const text = `${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`
  const hours = Math.floor(seconds / 3600)
  if (hours === 0) return text
  if (hours < 24) return `${hours}:${text}`
  return days(Math.floor(hours / 24), hours % 24)
}

/** A length that counts down: it shows 0:00 only when nothing is left. */
export function countdown(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`
}

/** The time of day at an instant of the server's clock, in the viewer's time zone. */
export function timeOfDay(instantMs: number): string {
  const at = new Date(instantMs)
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
}

/** The same to the minute, for what is set by the minute: 20:41. */
export function clock(instantMs: number): string {
  return timeOfDay(instantMs).slice(0, 5)
}

function pad(n: number): string {
  return n < 10 ? `0${n}` : `${n}`
}

/** A mean of seconds: 42s, 125s, past ten minutes 10:05. All of a column in one unit, as the trade says it. */
export function span(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 600 ? `${whole}s` : `${Math.floor(whole / 60)}:${pad(whole % 60)}`
}

/** A share of one: 96.2%. It never rounds up to 100. */
export function percent(share: number): string {
  const tenths = share >= 1 ? 1000 : Math.min(999, Math.round(share * 1000))
  return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)}%`
}

/** The same in a column: each with its tenth, so that the points stand below each other. */
export function tenths(share: number): string {
  const text = percent(share)
  return text.includes('.') ? text : text.replace('%', '.0%')
}

/** Day and time of an instant: 11-23 20:41. */
export function dateAndTime(instantMs: number): string {
  const at = new Date(instantMs)
  return `${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(instantMs)}`
}

/** An instant as one says it at another: the time alone where it is of the same day. */
export function timeSeenFrom(instantMs: number, nowMs: number): string {
  const sameDay = new Date(instantMs).toDateString() === new Date(nowMs).toDateString()
  return sameDay ? timeOfDay(instantMs) : dateAndTime(instantMs)
}

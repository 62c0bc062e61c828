/** Light by day and dark by night, by the hall's hours and not by what the system of a TV was set to once. */

import { within, type Theme } from './options'

const DAY = { from: 8, to: 18 }

export function themeAt(theme: Theme, hour: number): 'dark' | 'light' {
  if (theme !== 'auto') return theme
  return within(DAY, hour) ? 'light' : 'dark'
}

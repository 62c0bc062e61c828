import type { DeskWords } from '../zh/desk'
import { common } from './common'

export const desk: DeskWords = {
  ...common,
  suggestions: 'Suggested replies',
  noSuggestions: 'Nothing fits well enough',
  replyCopied: (whom) => `Copied, for ${whom}`,
  holding: 'Holding',
  askBack: 'Asks back',
  scoredLeft: (time) => `scored: ${time} left`,
  scoredLate: 'scored: too late',
  gone: 'This wait is over.',
}

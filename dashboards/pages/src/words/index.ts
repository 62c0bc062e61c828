import { en } from './en'
import { zh } from './zh'
import type { Words } from './words'

export type Language = 'zh' | 'en'
export type { Words } from './words'

export const WORDS: Readonly<Record<Language, Words>> = { zh, en }

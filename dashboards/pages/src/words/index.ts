/** The texts: a folder a language, a file a page. A missing text is a type error. */

export type Language = 'zh' | 'en'
export type { Common } from './zh/common'

import { createApp } from 'vue'

import { readOptions } from '../options'
import { WORDS } from '../words'
import Wallboard from './Wallboard.vue'
import './wallboard.css'

const options = readOptions(window.location.search, navigator.languages)
const root = document.documentElement
root.lang = WORDS[options.language].tag
root.dataset['theme'] = options.theme
root.dataset['layout'] = options.tv ? 'tv' : 'desk'
createApp(Wallboard, { options }).mount('#board')

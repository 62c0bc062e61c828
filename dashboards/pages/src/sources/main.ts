import { start } from '../app/start'
import '../design/desk.css'
import Sources from './Sources.vue'
import './sources.css'

start(Sources, 'desk')

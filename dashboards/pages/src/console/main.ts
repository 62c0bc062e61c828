import { start } from '../app/start'
import '../design/desk.css'
import Console from './Console.vue'
import './console.css'

start(Console, 'desk')

import { start } from '../app/start'
import Wallboard from './Wallboard.vue'
import './wallboard.css'
import './waits.css'

start(Wallboard, 'board')

import { start } from '../app/start'
import '../design/desk.css'
import Reports from './Reports.vue'
import './reports.css'

start(Reports, 'desk')

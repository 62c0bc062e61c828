import { start } from '../app/start'
import '../design/desk.css'
import AgentPage from './AgentPage.vue'
import './agent.css'

start(AgentPage, 'desk')

import { mount } from 'svelte';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/base.css';

// Another build was put in place while this tab was open: its old chunks are gone.
window.addEventListener('vite:preloadError', (event) => {
  event.preventDefault();
  window.location.reload();
});

mount(App, { target: document.getElementById('app') as HTMLElement });

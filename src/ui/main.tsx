// Starts the page in a browser.
import { render } from 'preact';
import { App } from './app.js';
import { sourceOf } from './source.js';

render(<App source={sourceOf(document)} />, document.getElementById('app')!);

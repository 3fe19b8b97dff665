// Brings the parts of the page together.

import "./composer.js";
import "./messages.js";
import "./backstage.js";
import { online } from "./parts.js";
import { connect } from "./store.js";

connect(online);

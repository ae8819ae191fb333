// Every occurrence of the calendar on stdin as JSON, by ical.js and the VTIMEZONE it carries.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
ICAL.TimezoneService.reset();
for (const zone of calendar.getAllSubcomponents("vtimezone")) {
  ICAL.TimezoneService.register(zone);
}

const utc = (time) => time.toJSDate().toISOString();
const told = (item, start, end) => ({
  uid: item.uid,
  starts: utc(start),
  ends: utc(end),
  summary: item.summary,
  location: item.location,
  status: item.component.getFirstPropertyValue("status"),
  sequence: item.sequence,
});

const components = calendar.getAllSubcomponents("vevent");
const overrides = components.filter((each) => each.hasProperty("recurrence-id"));
const found = [];
for (const component of components) {
  if (component.hasProperty("recurrence-id")) continue;
  const uid = component.getFirstPropertyValue("uid");
  const event = new ICAL.Event(component, {
    strictExceptions: true,
    exceptions: overrides.filter((each) => each.getFirstPropertyValue("uid") === uid),
  });
  if (!event.isRecurring()) {
    found.push(told(event, event.startDate, event.endDate));
    continue;
  }
  const dates = event.iterator();
  for (let date = dates.next(); date; date = dates.next()) {
    const { item, startDate, endDate } = event.getOccurrenceDetails(date);
    found.push(told(item, startDate, endDate));
  }
}
process.stdout.write(JSON.stringify(found));

// Uses a page of `hatch-lambda-zip report` in Chromium as people do, and prints what it saw as JSON.
// Arguments: a directory with node_modules, the browser, the pages.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, executablePath, ...pages] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const axe = readFileSync(`${modules}/node_modules/axe-core/axe.min.js`, "utf8");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

async function open(path, options) {
  const page = await (await browser.newContext(options)).newPage();
  const trouble = [];
  page.on("console", (message) => trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => request.url().startsWith("http") && trouble.push(request.url()));
  await page.goto(pathToFileURL(path).href);
  return [page, trouble];
}

const texts = (page, selector) => page.locator(selector).allInnerTexts();
const rows = async (page) =>
  (await page.locator("tbody tr").all()).reduce(async (before, row) =>
    [...(await before), await row.locator("th, td").allInnerTexts()], Promise.resolve([]));
const areas = (page) => page.locator("#buttons button").evaluateAll((all) =>
  all.map((it) => [it.getAttribute("aria-label"), it.offsetWidth * it.offsetHeight]));
const overlaps = (page) => page.locator("#tiles .name").evaluateAll((all) => {
  const boxes = all.map((it) => it.getBoundingClientRect());
  return boxes.some((a, i) => boxes.some((b, j) =>
    i < j && a.left + 1 < b.right && b.left + 1 < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom));
});

async function use(path) {
  const [page, trouble] = await open(path, { viewport: { width: 1200, height: 900 } });
  const saw = { trouble, title: await page.title(), limits: await texts(page, ".limit strong") };
  saw.rows = await rows(page);
  saw.areas = await areas(page);
  const tile = page.locator("#buttons button").first();
  await tile.hover();
  saw.hovered = await page.locator("#detail").innerText();
  await tile.click();
  saw.zoomed = await texts(page, "#path button");
  saw.inside = (await areas(page)).map(([label]) => label);
  await page.keyboard.press("Escape");
  saw.back = await texts(page, "#path button");
  const first = page.locator("#buttons button").first();
  await first.focus();
  await page.keyboard.press("ArrowRight");
  saw.moved = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await page.keyboard.press("Enter");
  saw.entered = await texts(page, "#path button");
  await page.keyboard.press("Escape");
  await page.locator("#query").fill("DEMO .so");
  saw.found = await page.locator("#count").innerText();
  await page.locator("input[value=files]").check();
  saw.foundRows = (await rows(page)).map(([name]) => name);
  await page.locator("thead button").first().click();
  saw.sorted = (await rows(page)).map(([name]) => name);
  saw.order = await page.locator("thead th").first().getAttribute("aria-sort");
  await page.locator("#query").fill("");
  await page.locator("input[value=compressed_bytes]").check();
  saw.compressed = await areas(page);
  return saw;
}

const saw = [];
for (const path of pages) {
  const used = await use(path);
  used.violations = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1200, 390]) {
      const [page, trouble] = await open(path, { colorScheme, viewport: { width, height: 800 } });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      used.violations.push(...violations.map((it) => `${colorScheme} ${width}: ${it.id} ${it.nodes[0].html}`));
      if (await overlaps(page)) used.violations.push(`${colorScheme} ${width}: overlapping text`);
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) used.violations.push(`${width}: too wide`);
      used.trouble.push(...trouble);
    }
  }
  saw.push(used);
}
await browser.close();
console.log(JSON.stringify(saw));

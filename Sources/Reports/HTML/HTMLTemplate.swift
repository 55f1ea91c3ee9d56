// SPDX-License-Identifier: Apache-2.0

/// The page of the report. A constant, not a resource: the program stays one file.
enum HTMLTemplate {
  /// Mustache; what stands in three braces is markup that was escaped where it was made.
  static let page = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <title>{{title}}</title>
    <style>{{{style}}}</style>
    </head>
    <body>
    <main>
    <h1>{{title}}</h1>
    {{#hasSeveral}}<nav aria-label="Runs"><ul>
    {{#runs}}<li><a href="#{{id}}">{{name}}</a></li>
    {{/runs}}</ul></nav>{{/hasSeveral}}
    {{#runs}}
    <article id="{{id}}">
    {{#hasSeveral}}<h2 class="run">{{name}}</h2>{{/hasSeveral}}
    <dl>
    {{#facts}}<dt>{{name}}</dt><dd>{{value}}</dd>
    {{/facts}}</dl>
    <h2>Answer</h2>
    <ul class="answer">
    {{#answer}}<li>{{.}}</li>
    {{/answer}}</ul>
    <h2>Overview</h2>
    {{#overview}}{{> figure}}{{/overview}}
    {{#hasCurves}}<h2>Scaling and nodes</h2>
    <div class="pair">{{#curves}}{{> figure}}{{/curves}}</div>{{/hasCurves}}
    {{#hasWarnings}}<h2>What a reader of the figures must know</h2>
    <ul class="warnings">
    {{#warnings}}<li><b>{{severity}}</b> {{what}}{{#remedy}} <i>Remedy: {{.}}</i>{{/remedy}}</li>
    {{/warnings}}</ul>{{/hasWarnings}}
    <h2>Operations</h2>
    {{#operations}}
    <section id="{{id}}">
    <h3>{{title}}</h3>
    {{#hasFigures}}<div class="pair">{{#figures}}{{> figure}}{{/figures}}</div>{{/hasFigures}}
    <div class="scroll" tabindex="0" role="region" aria-label="Table of {{title}}">
    <table>
    <thead><tr><th>arm</th><th>status</th><th class="r">blocks</th><th class="r">p50</th><th class="r">p90</th>\
    <th class="r">p99</th><th class="r">mean</th><th>ratio [95 % interval]</th><th class="r">shift</th><th>remark</th></tr></thead>
    <tbody>
    {{#rows}}<tr><th scope="row">{{label}}</th><td>{{status}}</td><td class="r">{{blocks}}</td><td class="r">{{p50}}</td>\
    <td class="r">{{p90}}</td><td class="r">{{p99}}</td><td class="r">{{mean}}</td><td>{{effect}}</td>\
    <td class="r">{{shift}}</td><td class="remark">{{reason}}</td></tr>
    {{/rows}}</tbody>
    </table>
    </div>
    </section>
    {{/operations}}
    {{#hasContext}}<details><summary>Machine and settings in full</summary>
    <dl>
    {{#context}}<dt>{{name}}</dt><dd>{{value}}</dd>
    {{/context}}</dl>
    </details>{{/hasContext}}
    <details><summary>Summary, every column</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="summary.csv">
    <table class="raw">
    <thead><tr>{{#columns}}<th>{{.}}</th>{{/columns}}</tr></thead>
    <tbody>
    {{#rawRows}}<tr>{{#.}}<td>{{.}}</td>{{/.}}</tr>
    {{/rawRows}}</tbody>
    </table>
    </div>
    </details>
    </article>
    {{/runs}}
    <footer>gmembench {{version}}. Values are medians unless said otherwise; ratios and shifts are of the blocks' medians,
    round by round. docs/report.md says what each chart shows.</footer>
    </main>
    </body>
    </html>

    """

  static let figure = """
    <figure><div class="wide">{{{wide}}}</div><div class="narrow">{{{narrow}}}</div></figure>
    """

  static let css = """
    :root{color-scheme:light dark}\
    body{margin:0;background:#fff;color:#1f2328;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}\
    main{max-width:1280px;margin:0 auto;padding:16px 20px 48px}\
    h1{font-size:1.6rem;line-height:1.25;margin:.4em 0;overflow-wrap:anywhere}\
    h2{font-size:1.2rem;margin:1.6em 0 .5em;border-bottom:1px solid #d8dde3;padding-bottom:.2em}\
    h2.run{font-size:1.4rem;overflow-wrap:anywhere}h3{font-size:1.05rem;margin:1.6em 0 .4em}\
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.15em 1em;margin:.5em 0}\
    dt{color:#59636e}dd{margin:0;overflow-wrap:anywhere}li{margin:.25em 0;overflow-wrap:anywhere}\
    .answer{font-size:1.05rem;max-width:62em}ul{padding-left:1.2em}a{color:#0550ae}\
    figure{margin:0 0 8px;min-width:0}svg.gmb{display:block;max-width:100%;height:auto}.narrow{display:none}\
    .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,560px),1fr));gap:8px 24px;align-items:start}\
    .scroll{overflow-x:auto;max-width:100%}\
    table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}\
    th,td{padding:.2em .7em .2em 0;text-align:left;vertical-align:top;white-space:nowrap;border-bottom:1px solid #eaeef2}\
    th{font-weight:600}tbody th{font-weight:400}.r{text-align:right}td.remark{white-space:normal;overflow-wrap:anywhere;min-width:18em;color:#59636e}\
    .raw{font-size:.75rem}details{margin-top:1.5em}summary{cursor:pointer;font-weight:600}\
    footer{margin-top:3em;color:#59636e;font-size:.85rem}
    @media(max-width:640px){main{padding:12px 16px 32px}.wide{display:none}.narrow{display:block}\
    dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4em}.narrow svg.gmb{width:100%}}
    @media screen and (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}h2{border-color:#2b323b}\
    dt,td.remark,footer{color:#9da7b1}th,td{border-color:#21262d}a{color:#79b8ff}}
    @media print{body{font-size:10pt}main{max-width:none;padding:0}.wide{display:block}.narrow,details{display:none}\
    .pair{grid-template-columns:1fr 1fr}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}\
    table{font-size:6.5pt}tbody th{white-space:normal}td.remark{min-width:0}}

    """
}

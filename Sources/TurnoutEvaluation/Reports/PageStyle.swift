/// How the page looks, in light and in dark.
enum PageStyle {
    static let css = """
        :root{--paper:#fff;--soft:#f5f7f9;--ink:#1c2430;--muted:#647084;--line:#e3e7ec;--blue:#0a6ebd;--yes:#0f8a6b;\
        --no:#b45309;--bad:#c2314e}
        @media(prefers-color-scheme:dark){:root{--paper:#141920;--soft:#1b222c;--ink:#e7ebf0;--muted:#98a3b3;\
        --line:#2b333f;--blue:#58a8f0;--yes:#45c3a0;--no:#f0a04a;--bad:#f0738b}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
        main{max-width:1120px;margin:0 auto;padding:48px 24px 64px}
        h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em;overflow-wrap:anywhere}
        h2{font-size:21px;margin:0 0 4px}h3{font-size:16px;margin:22px 0 4px}
        .eyebrow{margin:0 0 8px;color:var(--muted);font-size:13px;letter-spacing:.08em;text-transform:uppercase}
        .lead{margin:0 0 14px;color:var(--muted);max-width:74ch}
        section{margin-top:52px}figure{margin:28px 0 0}
        figcaption{color:var(--muted);font-size:14px;margin-top:4px}
        aside{margin:24px 0;padding:16px 20px;background:var(--soft);border-left:4px solid var(--no);border-radius:6px}
        aside.yes{border-color:var(--yes)}aside strong{color:var(--no)}aside.yes strong{color:var(--yes)}
        aside p{margin:2px 0 0}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
        table.narrow{width:auto;min-width:420px}
        th,td{text-align:left;padding:8px 16px 8px 0;border-bottom:1px solid var(--line);vertical-align:middle;\
        white-space:nowrap}
        thead th{color:var(--muted);font-weight:500;font-size:13px}tbody th{font-weight:600}
        table.wordy td{white-space:normal}table.wide small,table.wordy small{display:block;white-space:nowrap}
        table.wide th,table.wide td{padding-right:11px;font-size:13px}table.wide small{font-size:11px}
        small{color:var(--muted);font-size:12px}.base{color:var(--muted);font-weight:400}
        .better{color:var(--yes);font-weight:600}.worse{color:var(--bad);font-weight:600}
        svg.chart{width:100%;height:auto;display:block}
        svg.strip{width:120px;height:20px;vertical-align:middle}
        .strip .bar,.reliability .bar{stroke:var(--blue);stroke-width:2.4;stroke-linecap:round;opacity:.55}
        .strip circle,.reliability circle{fill:var(--blue)}
        .strip .ref,.reliability .ref{stroke:var(--muted);stroke-dasharray:2 3}
        .row{display:flex;flex-wrap:wrap;gap:20px}.row figure{margin:8px 0 0;width:226px}
        .reliability{width:100%;font-size:11px}.reliability rect{fill:none;stroke:var(--line)}
        .reliability text{fill:var(--muted)}.row figcaption{overflow-wrap:anywhere;text-align:center;font-size:12px}
        summary{cursor:pointer;color:var(--blue);padding:6px 0}
        .prompt{white-space:pre-wrap;overflow-wrap:anywhere;max-width:46ch;max-height:9em;overflow:auto;font-size:13px}
        footer{margin-top:56px;padding-top:16px;border-top:1px solid var(--line);color:var(--muted);font-size:14px}
        footer p{margin:4px 0}
        @media print{main{padding:0}aside,tr,figure{break-inside:avoid}}
        """
}

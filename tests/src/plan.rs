//! The sheet of a plan as lines of text, for comparison with what was kept and with what a page shows.

use huiqi_engine::export::Sheet;

/// Every text of a sheet, one line each part.
pub fn lines(sheet: &Sheet) -> String {
    let mut lines = vec![sheet.title.clone()];
    lines.extend(sheet.sums.iter().cloned());
    lines.push(sheet.first.clone());
    lines.push("# 申报事项".to_owned());
    for row in &sheet.rows {
        let left = row.days_left.map(|days| format!("剩{days}天")).unwrap_or_default();
        let cells = [
            &row.name,
            &row.conclusion,
            &row.amount,
            &row.due,
            &left,
            &row.department,
            &row.phone,
            &row.place,
        ];
        lines.push(cells.map(String::as_str).join(" | "));
        lines.push(format!("  {} {}", row.url, row.basis));
        if !row.after.is_empty() {
            lines.push(format!("  先办 {}", row.after.join("、")));
        }
    }
    lines.extend(sheet.choices.iter().cloned());
    lines.push(format!("# {}", sheet.papers_title));
    for paper in &sheet.papers {
        let users: Vec<&str> = paper.rows.iter().map(|row| sheet.rows[*row].name.as_str()).collect();
        let spared = if paper.spared { "免提交" } else { "" };
        let cells = [
            paper.name.clone(),
            format!("用于{}项：{}", users.len(), users.join("、")),
            paper.how.join("；"),
            spared.to_owned(),
            paper.form.clone(),
            paper.sample.clone(),
        ];
        lines.push(cells.join(" | "));
    }
    lines.push("# 日程".to_owned());
    for day in &sheet.days {
        lines.push(format!("{} {} {}", day.date, day.date.weekday(), day.text));
    }
    lines.push("# 算这份方案用的信息".to_owned());
    lines.extend(sheet.facts.iter().map(|(name, value)| format!("{name}：{value}")));
    lines.extend(sheet.notes.iter().cloned());
    lines.join("\n") + "\n"
}

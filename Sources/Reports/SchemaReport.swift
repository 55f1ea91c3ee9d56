// SPDX-License-Identifier: Apache-2.0
import Records

/// What `schema` says of the columns of a run's files.
public enum SchemaReport {
  /// For a terminal: two lines a column, its name and unit and what it says, then when it is empty.
  public static func render(_ files: [RecordedFile], color: Bool) -> String {
    let style = Style(color: color)
    return files.map { file in
      var table = TextTable([.left, .left, .left])
      for column in file.columns {
        table.row([column.name, column.unit, column.meaning])
        if column.empty != ColumnFacts.never { table.row(["", "", style.dim("empty \(column.empty)")]) }
      }
      return style.bold(file.name) + "\n\(file.purpose)\n" + table.render(style)
    }.joined(separator: "\n")
  }

  /// The page of the documents: docs/csv.md is this of all files.
  public static func markdown(_ files: [RecordedFile]) -> String {
    var text = """
      <!-- SPDX-License-Identifier: Apache-2.0 -->
      # The CSV files of a run

      This page is what `gmembench schema --format markdown` prints. After a change to a column, make it again, or a
      test fails:

      ```
      swift run gmembench schema --format markdown > docs/csv.md
      ```

      The files are RFC 4180 and UTF-8, with a header line, `.` in decimals and no exponents. An empty field is absent or
      infinite, and never zero. Values are per page, or per virtual machine, in the unit of their case. This is schema
      \(SummaryCSV.schema); files of an older one lack the columns that came later, and can be read. `gmembench summarize`
      leaves empty what samples from elsewhere do not tell. `gmembench schema --format csv` prints the same for programs.

      """
    for file in files {
      text += """

        ## \(file.name)

        \(file.purpose)

        | column | unit | since | what it is | empty |
        | --- | --- | --- | --- | --- |

        """
      for column in file.columns {
        text +=
          "| `\(column.name)` | \(column.unit) | \(column.since) | \(column.meaning) | \(column.empty) |\n"
      }
    }
    return text
  }
}

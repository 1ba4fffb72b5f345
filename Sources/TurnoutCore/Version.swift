/// The version of this software, as it appears in artifacts and in `turnout --version`.
public let turnoutVersion = "0.1.0"

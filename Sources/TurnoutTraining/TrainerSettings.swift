import TurnoutCore

/// The settings of one kind of router as a user gave them: `name=value`.
///
/// A trainer asks for each setting it knows, with its default and range; what is left over at the end is refused
/// with the names that are known.
public struct TrainerSettings {
    private let kind: String
    private var given: [String: String] = [:]
    private var known: [String] = []

    /// Splits the settings.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for one without a name or given twice.
    init(_ settings: [String], kind: String) throws {
        self.kind = kind
        for setting in settings {
            guard let equals = setting.firstIndex(of: "="), equals != setting.startIndex else {
                throw TurnoutError(
                    .invalidArgument, "the setting '\(setting)' is not of the form name=value, such as neighbours=100")
            }
            let name = String(setting[..<equals])
            guard given.updateValue(String(setting[setting.index(after: equals)...]), forKey: name) == nil else {
                throw TurnoutError(.invalidArgument, "the setting '\(name)' is given twice")
            }
        }
    }

    /// A whole number.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for anything else or a number out of range.
    public mutating func integer(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws -> Int {
        try integer(name, in: range) ?? standard
    }

    /// A whole number that need not be given.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for anything else or a number out of range.
    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = take(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw refusal(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A number.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for anything else or a number out of range.
    public mutating func number(
        _ name: String, default standard: Double, in range: ClosedRange<Double>
    ) throws -> Double {
        try number(name, in: range) ?? standard
    }

    /// A number that need not be given.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for anything else or a number out of range.
    mutating func number(_ name: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let text = take(name) else { return nil }
        guard let value = Double(text), range.contains(value) else {
            throw refusal(name, text, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// `true` or `false`.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for anything else.
    public mutating func flag(_ name: String, default standard: Bool) throws -> Bool {
        guard let text = take(name) else { return standard }
        guard let value = Bool(text) else { throw refusal(name, text, "true or false") }
        return value
    }

    /// One of some words.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for anything else.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, default standard: Choice
    ) throws -> Choice where Choice.RawValue == String {
        guard let text = take(name) else { return standard }
        guard let value = Choice(rawValue: text) else {
            throw refusal(name, text, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return value
    }

    /// Refuses settings that only another choice has.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`, naming the choice.
    func refuse(_ names: [String], withoutSetting choice: String) throws {
        guard let name = names.first(where: { given[$0] != nil }) else { return }
        throw TurnoutError(.invalidArgument, "the setting '\(name)' of a \(kind) router has no use without \(choice)")
    }

    private mutating func take(_ name: String) -> String? {
        known.append(name)
        return given.removeValue(forKey: name)
    }

    private func refusal(_ name: String, _ text: String, _ expected: String) -> TurnoutError {
        TurnoutError(.invalidArgument, "the setting '\(name)' of a \(kind) router is '\(text)'; expected \(expected)")
    }

    /// Refuses settings that nobody asked for.
    func finish() throws {
        guard let unknown = given.keys.sorted().first else { return }
        let names = known.isEmpty ? "none" : known.joined(separator: ", ")
        throw TurnoutError(.invalidArgument, "a \(kind) router has no setting '\(unknown)'; it has: \(names)")
    }
}

import ArgumentParser
import TurnoutCore
import TurnoutEvaluation

/// What models cost, beside what the data say.
struct CostOptions: ParsableArguments {
    @Option(
        help:
            "Price as MODEL=INPUT,OUTPUT in dollars per million tokens; rows must say how many. May be given several times."
    )
    var price: [String] = []

    @Option(help: "Cost as MODEL=DOLLARS for a thousand requests. May be given several times.")
    var cost: [String] = []

    func validate() throws {
        do { _ = try costs() } catch let error as TurnoutError { throw ValidationError(error.message) }
    }

    func costs() throws -> RequestCosts {
        var costs = RequestCosts()
        for text in price {
            let (model, numbers) = try parse(text, option: "--price", form: "MODEL=INPUT,OUTPUT", count: 2)
            guard let input = Money(dollars: numbers[0]), let output = Money(dollars: numbers[1]) else {
                throw TurnoutError(.invalidArgument, "--price \(text): the price is too large to be one")
            }
            costs.prices[model] = Price(inputPerMillion: input, outputPerMillion: output)
        }
        for text in cost {
            let (model, numbers) = try parse(text, option: "--cost", form: "MODEL=DOLLARS", count: 1)
            costs.flat[model] = numbers[0] / 1000
        }
        return costs
    }

    private func parse(_ text: String, option: String, form: String, count: Int) throws -> (ModelID, [Double]) {
        let sides = text.split(separator: "=", omittingEmptySubsequences: false)
        let numbers = (sides.last ?? "").split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        let amounts = numbers.compactMap { $0 }.filter { $0.isFinite && $0 >= 0 }
        guard sides.count >= 2, amounts.count == count, numbers.count == count else {
            throw TurnoutError(
                .invalidArgument, "\(option) \(text): expected \(form) with amounts in dollars, zero or more")
        }
        return (ModelID(sides.dropLast().joined(separator: "=")), amounts)
    }
}

import Testing
import TurnoutNumerics

@Suite("Cosines with many vectors")
struct CosineTableTests {
    @Test(
        "they are those of the vectors to within the rounding to bytes, on every instruction set, odd widths included")
    func accurate() {
        var samples = KernelSamples(seed: 11)
        for (rows, width) in [(1, 1), (3, 2), (4, 7), (5, 16), (9, 31), (64, 33), (17, 256), (6, 384), (2, 1025)] {
            let matrix = Matrix(rows: rows, columns: width, storage: samples.floats(rows * width))
            let query = samples.floats(width)
            for kernels in Kernels.available {
                let cosines = CosineTable(matrix, kernels: kernels).cosines(to: query)
                for row in 0..<rows {
                    let exact = cosine(query, Array(matrix[row: row]))
                    #expect(abs(Double(cosines[row]) - exact) < 0.01, "\(kernels.name) \(rows) x \(width)")
                }
            }
        }
    }

    @Test("every instruction set gives the same bits")
    func sameBits() {
        var samples = KernelSamples(seed: 12)
        let matrix = Matrix(rows: 37, columns: 75, storage: samples.floats(37 * 75))
        let query = samples.floats(75)
        let all = Kernels.available.map { CosineTable(matrix, kernels: $0).cosines(to: query) }
        for cosines in all { #expect(cosines == all[0]) }
    }

    @Test("numbers that bytes hold exactly lose nothing but the query's rounding")
    func exact() {
        let matrix = Matrix(rows: 2, columns: 3, storage: [127, 0, 64, -127, 12, 1])
        let cosines = CosineTable(matrix).cosines(to: [1, 2, 3])
        #expect(abs(Double(cosines[0]) - cosine([1, 2, 3], [127, 0, 64])) < 1e-4)
        #expect(abs(Double(cosines[1]) - cosine([1, 2, 3], [-127, 12, 1])) < 1e-4)
    }

    @Test("a row or a query of zeros has cosine zero, and a table without rows has none")
    func zeros() {
        let table = CosineTable(Matrix(rows: 2, columns: 2, storage: [0, 0, 3, 4]))
        #expect(table.cosines(to: [3, 4])[0] == 0 && abs(table.cosines(to: [3, 4])[1] - 1) < 1e-4)
        #expect(table.cosines(to: [0, 0]) == [0, 0])
        #expect(CosineTable(Matrix(rows: 0, columns: 2)).cosines(to: [1, 1]).isEmpty)
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        func sum(_ x: [Float], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return sum(a, b) / (sum(a, a) * sum(b, b)).squareRoot()
    }
}
